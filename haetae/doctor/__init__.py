"""`haetae doctor`: looks at everything that Haetae depends on and changes nothing; what is wrong is said with its cure.

Each module has one subject. Looking (`look…`, asks a server or the machine) is apart from judging (`judge…`, pure).
"""
