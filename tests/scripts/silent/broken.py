for f in files
    subprocess.run(["gpu", "run", f])
