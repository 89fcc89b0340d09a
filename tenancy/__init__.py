"""Tenants: who they are, how they come to be, and by what keys and tokens they are known."""
