"""The mock auth server, in the shape of Kinde."""
