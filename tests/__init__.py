"""The tests of Handbill. What each folder is for is said in docs/explanation/architecture.md."""
