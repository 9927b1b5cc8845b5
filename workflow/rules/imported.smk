"""Images of any other generator: the user's folders, from which each task brings them into the form of its own."""

# As in cases.smk.
os.environ.update(SYNTHAUG_IMPORTED=json.dumps({name: source["folder"] for name, source in config["imported"].items()}))
