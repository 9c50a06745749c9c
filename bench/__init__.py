"""The figures that the portal promises, each as a ratio to a floor that runs beside it: `python -m bench`.

Both sides have the same server on the same machine and take turns in short windows, so a machine that is busy with
something else slows both. No test relies on a duration; whoever claims one shows the table of a run.
"""
