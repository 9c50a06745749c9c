"""The rules about Cashlink's API, tried at the simulator or at Cashlink itself."""
