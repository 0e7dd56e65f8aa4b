"""The pages. The only modules that import gradio."""
