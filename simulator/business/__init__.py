"""The business around the centre: sales, costs, the calendar, measures, interfaces and the capture of data."""
