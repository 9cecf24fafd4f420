"""What several test folders start: gateways, kernels, clocks."""
