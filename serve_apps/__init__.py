"""Ray Serve deployments: the tenant plane and the global plane."""
