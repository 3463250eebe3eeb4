# What a mail server hears from the doors. People read it in the bounce they get: why, and what to do. ASCII only.

door-later = Something does not work here at the moment, nothing is lost. Your mail server will try again by itself.
door-no-room = There is no room for this mail at the moment. Your mail server will try again by itself.
door-nobody = No such mailbox here. Please check the address.
door-not-ours = Mail for that domain is not accepted here. Please check the address.
door-mistyped = This address is mistyped, nothing was delivered. Copy it again from { $url }
door-no-reply = Nobody reads this address. Please write at { $url }
door-unknown = No such address here. Please write at { $url }
door-loop = This mail goes in circles. Please remove the rule that sends our mail back to us.
door-too-large = This mail is too large, nothing was delivered. Send large files in several mails, or leave them out.
door-unacceptable = This mail cannot be read, nothing was delivered. Please send it again as plain text.
door-recipients = Too many recipients in one mail. Your mail server will send the rest by itself.
door-tls = Mail is taken over an encrypted connection only (STARTTLS). Ask whoever runs your mail server.
door-many-mails = Too many mails from your network in one minute. Your mail server will try again by itself.
door-many-guesses = Too many unknown addresses from your network. Please check the address and try again in a minute.
