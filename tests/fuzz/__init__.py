"""Coverage-guided fuzzing of every parser of outside data.

``python -m tests.fuzz all --runs 100000`` runs all targets in turn and prints what they did; it needs
atheris, from the dependency group ``fuzz``. What is found is kept in ``build/fuzz/TARGET/findings``:
mend it, and put the file into ``tests/fuzz/corpus/TARGET``, which ``test_corpus.py`` runs without
atheris. ``build/fuzz/TARGET/corpus`` grows from run to run and may be deleted.
"""
