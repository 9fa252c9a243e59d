"""The rules of the campaign, an area each: state, command and context in, events or a rejection out."""
