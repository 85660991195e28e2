"""The words in a pack, for whoever opens it."""

# ruff: noqa: E501  (Chinese letters count twice)
README = """\
Evidence of one campaign / 单个活动的证据包
==========================================

manifest.json    every file with its size and SHA-256 / 全部文件的大小与 SHA-256
manifest.note    the manifest's SHA-256, signed with the log's key (C2SP signed note) / 用日志密钥签名的清单摘要
log/             the draw log, one entry per line, its checkpoint and key; verify-….py, which checks them alone
                 抽奖日志（每行一条）、检查点与公钥，以及可独立运行的校验程序
rules/           the rules that each pool's entry binds by their SHA-256, byte for byte / 各奖池公示规则原文
receipts/        receipts of winning draws, by entry index, the rarest rows first / 中奖凭证，稀有奖项在前
records/         one JSON object per line / 每行一个 JSON 对象:
                 campaign, pools (with rows and stock), seats, plays, draws, prizes, rewards, operations (what the
                 core ledger was told, and `ledger_seq`, where it stands there), promises (what may be given at most),
                 changes (who did and approved what, with old and new values), decisions (plays under review), breaks
                 (where the ledger did not agree), completions (tasks)
                 活动、奖池、席位、参与、抽奖、奖品、奖励、账务、承诺、变更记录、复核决定、对账差异、任务完成
fit.txt .json .html   what `playfair verify` says of the log: findings, odds, plots / 校验报告、概率检验与图表

Players are pseudonyms that mean something in this pack alone, unless manifest.json says "masked": false.
除非 manifest.json 标明 "masked": false，玩家均以仅在本包内有效的化名表示。

Check it all / 校验:
  playfair verify --pack FILE.zip --key FILE      (the key that you noted down earlier / 您事先记录的公钥)
or the log alone / 仅校验日志:
  python3 log/verify-….py --log log/log.jsonl --checkpoint log/checkpoint --key FILE
"""
