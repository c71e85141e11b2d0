"""Reference pages made from the code when the site is built."""
