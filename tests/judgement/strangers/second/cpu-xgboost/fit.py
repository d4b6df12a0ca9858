import pandas as pd, xgboost as xgb
d = pd.read_csv("churn.csv")
m = xgb.XGBClassifier(n_estimators=400, tree_method="hist")
m.fit(d.drop(columns="y"), d["y"])
m.save_model("model.json")
