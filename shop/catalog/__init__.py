"""The one shared catalog: products, prices, locations and stock."""
