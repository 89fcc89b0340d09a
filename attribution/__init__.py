"""Pure mathematics of attribution: values in, values out; no Ray, no I/O, no clock."""
