"""What only the notebooks import: exercises, explorers, pictures, the topics of chapters, and reference tables."""
