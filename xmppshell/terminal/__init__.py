"""What a person sees and types: the only package that may use prompt_toolkit."""
