"""The gate: what `.ci/run` runs, what it leaves out and why, and what it says in the end.

plugin    inside pytest: which tests to run, and what became of each
results   what one pytest run found, as a file
attempt   one process: its output in a log, its time, its end
trial     a first try, a second one on a fresh system, and the verdict of both
parts     the table of what can be run, and what each part stands on
record    the commit at which each part passed last, and the tests that were unsteady
pool      parts one after the other, or two side by side
report    the closing lines and the forecast
"""
