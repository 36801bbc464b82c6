"""What the use cases ask of the outside, as Protocols; adapters answer, tests may too."""
