"""The rules about an application that uses the API, judged by what the simulator has recorded."""
