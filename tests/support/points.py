"""Points of the curve under which anybody can sign."""

# The points of order 1, 2, 4 and 8 in all their encodings, of which six are another way to write one. Source:
# C2SP/CCTV, ed25519/README.md.
LOW_ORDER = [
    *(f"{first}{'00' * 30}{last}" for first in ("00", "01") for last in ("00", "80")),
    *(f"{first}{'ff' * 30}{last}" for first in ("ec", "ed", "ee") for last in ("7f", "ff")),
    *("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc" + last for last in ("05", "85")),
    *("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03" + last for last in ("7a", "fa")),
]
