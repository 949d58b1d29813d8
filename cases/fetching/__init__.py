"""Getting real films: recipes, what they choose, and downloads that can be taken up again."""
