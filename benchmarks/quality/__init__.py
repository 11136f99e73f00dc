"""Does it learn this person? Figures and a contact sheet, on people nothing was ever trained or tuned on."""
