"""What only the notebooks import: charts, pictures of images, and the look they share."""
