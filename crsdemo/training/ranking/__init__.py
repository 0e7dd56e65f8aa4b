"""What counts know: affinities, the prior of gcrs, the retriever of ReGeS."""
