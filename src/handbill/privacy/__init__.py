"""Personal data: kept as long as the settings say, erased before that when somebody asks."""
