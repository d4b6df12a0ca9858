import sky_survey as sky

for field in fields:
    sky.launch(field)
