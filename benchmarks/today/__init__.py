"""What people use today for the same task, as programs that are started fresh and print one line of JSON."""
