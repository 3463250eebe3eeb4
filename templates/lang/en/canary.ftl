# The canary: a test letter that walks the whole road every hour, and what the operator sees of it.
mail-canary-subject = Canary
mail-canary-text = This mail only looks whether mail works.
mail-canary-stop = Nobody needs to read it.
operator-canary = Last test letter
operator-canary-none = none yet; one sets out every hour
operator-canary-alarm = Mail may not be working: no test letter came back for more than two hours. Look at the log, and run "merpati doctor".
operator-outbox-alarm = Mail does not leave: the oldest has waited for more than an hour. Look at the log, and run "merpati doctor".
