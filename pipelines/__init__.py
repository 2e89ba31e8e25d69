"""Building a corpus with Apache Beam, and the command line."""
