TABLES = """
orders customers refunds shipments carriers
events sessions pages campaigns coupons
""".split()
