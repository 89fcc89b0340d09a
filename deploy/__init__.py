"""What the product is run by elsewhere: the edge, Serve's configuration, images, charts."""
