"""The pages, one folder each; the only package that imports gradio."""
