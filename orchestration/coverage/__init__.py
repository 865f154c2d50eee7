"""What of the requirement list is there, and how that is known.

`requirement.csv` is what people say: each id with names of our own, what it rests on where no machine can tell, and why
it is not there. `recorded.csv` is what was derived of it and of the project, the floor below which nothing may fall.
"""
