# Mails that leave. They may be seen by anybody who looks over a shoulder: no name, no desk, no number, no word that says
# what this house is. Plain characters and lines of at most 72.
mail-notification-subject = You have a new message
mail-notification-text =
    You have a new message. To read it, open this page and sign in:
mail-notification-stop =
    This mail was sent by a program; nobody reads answers to it. To stop
    mails like this one, sign in and choose "never" on this page:
mail-confirmation-subject = Please confirm this address
mail-confirmation-text =
    This address was entered to be told of new messages. Was it you?
    Then open this page within three days:
mail-confirmation-stop =
    If it was not you, do nothing, and no other mail will come here.
    This mail was sent by a program; nobody reads answers to it. You can
    change your mind at any time on this page:
