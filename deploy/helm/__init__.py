"""The Helm charts, and what is made from them."""
