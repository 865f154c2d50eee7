"""What HTTP APIs answer, landed like files.

One module for each part: what a configuration may say (settings), proof of who asks (signing), one request until it is
answered (client), the way from page to page (paging), records of an answer (records), ranges of Prometheus
(prometheus), and the landing itself (land).
"""
