"""The German catalogue; English is the language of the code."""
