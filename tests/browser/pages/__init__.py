"""Page objects: what a person does on a page, found by the roles, labels and texts that a person sees."""
