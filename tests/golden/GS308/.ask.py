print("the same each time")
