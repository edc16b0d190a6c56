"""Random lifecycles: a model held against its browser, and against what the policy promises."""
