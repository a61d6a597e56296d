"""attackviz beside what people use today: one run, one table.

``rows`` holds one module for each part of the table, ``ours`` and ``today``
the small programs it measures, each started fresh.
"""
