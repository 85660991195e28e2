"""What was won: points, vouchers, goods and chances."""
