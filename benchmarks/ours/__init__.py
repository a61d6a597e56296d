"""What attackviz does, as programs that are started fresh and print one line of JSON."""
