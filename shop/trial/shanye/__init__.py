"""The demo brand Shanye (山野): fresh food from mountain farms, sold through people."""
