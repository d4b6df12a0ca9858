from models import create_instance, launch_instance

for row in rows:
    create_instance(row)
    launch_instance(row)
    engine.launch(row)
    app.run(row)
