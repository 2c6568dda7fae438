"""What chapters are about: digits, names, calibration, costs, and the series' formulas in plain NumPy."""
