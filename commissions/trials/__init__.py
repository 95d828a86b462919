"""What-if: a plan over sales that really happened, without a cent being moved."""
