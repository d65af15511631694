"""What the fixtures stand on. Holds no tests."""
