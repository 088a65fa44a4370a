/** What Node alone costs a command that says one thing. */
process.stdout.write("something\n");
