import os

import psycopg


def active_customers():
    with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
        rows = conn.execute("select slug from customers where plan <> 'free' and churned_at is null")
        return [r[0] for r in rows]
